"""A made-up polyclinic's visits, claims and outages, of which it is known what is true."""
