#ifndef LAUREL_CMICROHTTPD_SHIM_H
#define LAUREL_CMICROHTTPD_SHIM_H

#include <microhttpd.h>

struct laurel_mhd_settings {
  MHD_socket listener;
  unsigned int threads;
  unsigned int connections_max;
  unsigned int address_connections_max; /* 0: no limit */
  unsigned int idle_seconds_max;
  size_t connection_bytes_max;
  /* The callbacks below get the context and run on a thread of the pool. */
  void *context;
  void *(*begun)(void *context, const char *uri, struct MHD_Connection *connection);
  MHD_AccessHandlerCallback received;
  MHD_RequestCompletedCallback completed;
  MHD_NotifyConnectionCallback connected;
};

/* Keeps the path and the query encoded; Swift decodes them. libmicrohttpd would decode in place, and an encoded NUL would cut them off. */
static inline size_t laurel_mhd_keep(void *context, struct MHD_Connection *connection, char *text) {
  size_t count = 0;
  (void)context;
  (void)connection;
  while (text[count] != 0) count++;
  return count;
}

/* MHD_start_daemon takes its options as variadic arguments, which Swift does not import.
   MHD_stop_daemon closes the listening socket. */
static inline struct MHD_Daemon *laurel_mhd_start(const struct laurel_mhd_settings *settings) {
  return MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, settings->received, settings->context,
                          MHD_OPTION_LISTEN_SOCKET, settings->listener,
                          MHD_OPTION_THREAD_POOL_SIZE, settings->threads,
                          MHD_OPTION_CONNECTION_LIMIT, settings->connections_max,
                          MHD_OPTION_PER_IP_CONNECTION_LIMIT, settings->address_connections_max,
                          MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds_max,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_bytes_max,
                          MHD_OPTION_STRICT_FOR_CLIENT, (int)1,
                          MHD_OPTION_UNESCAPE_CALLBACK, &laurel_mhd_keep, NULL,
                          MHD_OPTION_URI_LOG_CALLBACK, settings->begun, settings->context,
                          MHD_OPTION_NOTIFY_COMPLETED, settings->completed, settings->context,
                          MHD_OPTION_NOTIFY_CONNECTION, settings->connected, settings->context,
                          MHD_OPTION_END);
}

/* MHD_get_connection_info is variadic, too. */
static inline MHD_socket laurel_mhd_socket(struct MHD_Connection *connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static inline const struct sockaddr *laurel_mhd_client(struct MHD_Connection *connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

#endif
