"""A worker whose acknowledgement Redis did not hear asks for work again."""

import secrets
from typing import Any

import pytest
from django.conf import settings
from kombu import Connection, Consumer, Message, Queue
from kombu.transport import redis as transport
from redis.exceptions import TimeoutError as SilentRedis

from rxscale import celery


def test_celery_speaks_to_redis_through_it() -> None:
    with celery.app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        assert type(channel.qos).__module__ == "rxscale.broker"


@pytest.mark.parametrize("answer", ["ack", "reject"])
def test_a_task_that_redis_was_not_told_of_does_not_stay_in_hand(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that stays the worker never asks again: its prefetch is one for each child."""
    taken: list[Message] = []
    channel: Any
    queue = Queue(f"broker-{secrets.token_hex(4)}")

    def silence(*_: object, **__: object) -> None:
        raise SilentRedis

    with Connection(settings.REDIS_URL) as connection, connection.channel() as channel:
        producer = connection.Producer(channel)
        for number in range(2):
            producer.publish(number, routing_key=queue.name, declare=[queue])
        consumer = Consumer(channel, [queue], prefetch_count=1, accept=["json"])
        consumer.register_callback(lambda _, message: taken.append(message))
        with consumer:
            connection.drain_events(timeout=5)
            assert not channel.qos.can_consume()
            with monkeypatch.context() as patch:
                patch.setattr(transport.QoS, "_remove_from_indices", silence)
                with pytest.raises(SilentRedis):
                    getattr(taken[0], answer)()
            assert channel.qos.can_consume()
            connection.drain_events(timeout=5)
            assert [message.payload for message in taken] == [0, 1]
            taken[1].ack()
        queue(channel).delete()
