"""What `kirdi bench` measures: the real service, beside the bare libraries it rests on."""
