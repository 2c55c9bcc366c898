// Loaded before a service (LD_PRELOAD): nothing in it is called by name.
