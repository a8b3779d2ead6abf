"""What `kirdi bench viewers` measures: live viewing, beside aiortc encoding for each viewer."""
