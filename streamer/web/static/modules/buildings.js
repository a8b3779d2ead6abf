// What the site's buildings are called, where it has more than one (`pages/buildings.py`).

const place = document.getElementById("buildings");
const names = place ? JSON.parse(place.textContent) : {};

/** A building's name for people; null where the site has only one, or none is meant. */
export const buildingName = (id) => (id ? (names[id] ?? null) : null);
