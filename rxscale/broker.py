"""What Celery's Redis transport lacks where Redis falls silent for longer than a worker waits."""

from typing import Any

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """Counts a task as done here also where Redis could not be told so.

    kombu's own goes on counting it among the tasks in hand. A worker takes as many as it has children: after
    a silence that caught each of them acknowledging it would never ask for work again, and nobody would
    notice. Redis gives such a task out once more after the visibility timeout; every task of ours may come twice.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):
    QoS: Any = QoS


class Transport(redis.Transport):
    Channel = Channel
