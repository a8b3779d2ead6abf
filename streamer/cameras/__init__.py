"""The service's cameras as a set: started, changed and removed while the others go on."""
