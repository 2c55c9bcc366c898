"""Apache Kafka of one broker on free ports, in a temporary folder, and services of Laurel on it."""

import os
import pathlib
import socket
import subprocess
import time

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from conftest import BIN, ROOT, SHARED, needs


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bus:
    """Starts everything in its constructor; `stop` ends what was started."""

    def __init__(self, folder, services):
        home = needs(os.environ.get("KAFKA_HOME") or SHARED / "kafka", "Kafka (KAFKA_HOME)")
        client, controller = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{client}"
        self.processes = []
        properties = folder / "server.properties"
        properties.write_text(
            "process.roles=broker,controller\nnode.id=1\n"
            f"controller.quorum.voters=1@127.0.0.1:{controller}\ncontroller.listener.names=CONTROLLER\n"
            f"listeners=PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}\n"
            f"log.dirs={folder / 'logs'}\noffsets.topic.replication.factor=1\noffsets.topic.num.partitions=4\n"
            "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
            "transaction.state.log.num.partitions=4\ngroup.initial.rebalance.delay.ms=0\nauto.create.topics.enable=false\n")
        self.environment = dict(os.environ, LOG_DIR=str(folder), KAFKA_HEAP_OPTS="-Xmx512m")
        uuid = self.output(home / "bin" / "kafka-storage.sh", "random-uuid").strip()
        self.output(home / "bin" / "kafka-storage.sh", "format", "-t", uuid, "-c", properties)
        self.start(folder / "kafka.log", home / "bin" / "kafka-server-start.sh", properties)
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "logger": None, "log_level": 0})
        self.until(60, lambda: self.answers(admin), "the broker answers")
        self.output(BIN / "laurel", "topics", "create", "--bootstrap", self.bootstrap, "--partitions", "2", "--replication", "1")
        for service in services:
            self.start(
                folder / f"{service}.log", BIN / service, "--bootstrap", self.bootstrap, "--terms", ROOT / "ops" / "terms",
                "--state", folder / "state", "--instance", f"{service}-1", "--http", "127.0.0.1:0", "--commit-ms", "20")

    @staticmethod
    def answers(admin):
        try:
            return bool(admin.list_topics(timeout=2).brokers)
        except Exception:  # not yet
            return False

    def output(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def start(self, log, *command):
        with log.open("wb") as target:
            self.processes.append(subprocess.Popen(command, stdout=target, stderr=target, env=self.environment))

    def until(self, seconds, condition, what):
        """Polls to a deadline."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"after {seconds} s not yet: {what}"
            time.sleep(0.05)

    def notices(self, topic, key, count, seconds=60):
        """The first records of a key, once so many of them have come."""
        settings = {
            "bootstrap.servers": self.bootstrap, "group.id": f"interop-{topic}-{key}", "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
        consumer = Consumer(settings)
        consumer.subscribe([topic])
        found = []
        deadline = time.monotonic() + seconds
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} notices of {key} on {topic}"
            record = consumer.poll(0.2)
            if record is not None and not record.error() and record.key() == key.encode():
                found.append(record)
        consumer.close()
        return found

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
