"""One lane per server: a capped pool, batched observation, ordered execution, and a circuit breaker."""
