// A report on a page: printed as it stands there.

document.getElementById("print").addEventListener("click", () => window.print());
