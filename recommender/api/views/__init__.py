"""One module for each resource; every view is thin: validate, call a service, shape the answer."""
