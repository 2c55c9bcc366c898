#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

// Pushes one error for the next request of its kind to one broker of a mock cluster. Swift cannot import the variadic function.
static inline rd_kafka_resp_err_t laurel_mock_push_request_error(
    rd_kafka_mock_cluster_t *cluster, int32_t broker, int16_t request, rd_kafka_resp_err_t error) {
  return rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, request, (size_t)1, error, (int)0);
}
