#ifndef LAUREL_CMICROHTTPD_SHIM_H
#define LAUREL_CMICROHTTPD_SHIM_H

#include <microhttpd.h>

/* MHD_start_daemon takes its options as variadic arguments, which Swift does not import.
   One thread of its own serves every connection; the listening socket is closed by MHD_stop_daemon. */
static inline struct MHD_Daemon *laurel_mhd_start(MHD_socket listener, MHD_AccessHandlerCallback handler, void *context,
                                                  unsigned int connections_max, unsigned int idle_seconds_max) {
  return MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handler, context,
                          MHD_OPTION_LISTEN_SOCKET, listener,
                          MHD_OPTION_CONNECTION_LIMIT, connections_max,
                          MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds_max,
                          MHD_OPTION_END);
}

#endif
