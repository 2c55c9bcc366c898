// Preloaded into a service (LD_PRELOAD). Nothing in it is called by name.
