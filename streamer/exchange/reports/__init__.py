"""The appointment-match report in the forms people read: HTML, PDF/A and XLSX, in three languages.

Each form is one function of a revision, its rows by the day, and a language. What is said is worked
out once (`report_content`), so that the forms can't contradict each other.
"""
