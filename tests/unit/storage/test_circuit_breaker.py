from streamer.storage.circuit_breaker import CircuitBreaker


def test_one_caller_tries_after_the_pause() -> None:
    breaker = CircuitBreaker(5.0)
    assert breaker.allows(0.0)
    assert breaker.failed(0.0)
    assert not breaker.allows(4.9)
    assert breaker.allows(5.0)
    assert not breaker.allows(5.1), "the others wait for the first one's result"
    assert not breaker.failed(5.2), "the same outage"
    assert breaker.allows(10.2)
    assert breaker.succeeded()
    assert not breaker.succeeded()
    assert breaker.allows(10.3)
    assert breaker.failed(10.4), "another outage"
