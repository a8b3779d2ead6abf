// Keeps the page fresh while somebody looks at it.

const EVERY_MS = 30_000;

setInterval(() => {
  if (!document.hidden && document.getSelection().isCollapsed) {
    location.reload();
  }
}, EVERY_MS);
