"""An Apache Kafka broker on free ports, in a temporary folder, with Laurel's services."""

import os
import pathlib
import socket
import subprocess
import time

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from ground import BIN, ROOT, SHARED, needs


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bus:
    """Starts everything in its constructor. `stop` ends everything that was started."""

    def __init__(self, folder, services):
        home = needs(os.environ.get("KAFKA_HOME") or SHARED / "kafka", "Kafka (KAFKA_HOME)")
        client, controller = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{client}"
        self.folder = folder
        self.processes = []
        properties = folder / "server.properties"
        properties.write_text(
            "process.roles=broker,controller\nnode.id=1\n"
            f"controller.quorum.voters=1@127.0.0.1:{controller}\ncontroller.listener.names=CONTROLLER\n"
            f"listeners=PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}\n"
            f"log.dirs={folder / 'logs'}\noffsets.topic.replication.factor=1\noffsets.topic.num.partitions=4\n"
            "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
            "transaction.state.log.num.partitions=4\ngroup.initial.rebalance.delay.ms=0\nauto.create.topics.enable=false\n")
        # Laurel's programs reject unknown variables with their prefix.
        own = {name: value for name, value in os.environ.items() if not name.startswith("LAUREL_")}
        self.environment = dict(own, LOG_DIR=str(folder), KAFKA_HEAP_OPTS="-Xmx512m")
        uuid = self.output(home / "bin" / "kafka-storage.sh", "random-uuid").strip()
        self.output(home / "bin" / "kafka-storage.sh", "format", "-t", uuid, "-c", properties)
        self.start(folder / "kafka.log", home / "bin" / "kafka-server-start.sh", properties)
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap, "logger": None, "log_level": 0})
        self.until(60, lambda: self.answers(self.admin), "the broker answers")
        if services:
            self.deploy(services)

    def deploy(self, services, prefix="", partitions=2, options=()):
        """New topics, and services on them with these options."""
        self.output(BIN / "laurel", "topics", "create", *self.connection(prefix), "--partitions", partitions, "--replication", 1)
        # The broker answers before it knows all of them itself.
        self.until(30, lambda: f"{prefix}payouts.dead-letters" in self.admin.list_topics(timeout=5).topics, "the topics are there")
        for service in services:
            self.service(service, prefix, options)

    def service(self, name, prefix="", options=()):
        """One instance of a service, on the topics of a prefix."""
        self.start(
            self.folder / f"{prefix}{name}.log", BIN / name, *self.connection(prefix), "--terms", ROOT / "ops" / "terms",
            "--state", self.folder / f"{prefix}state", "--instance", f"{name}-1", "--http", "127.0.0.1:0", "--commit-ms", "20",
            *options)

    def connection(self, prefix=""):
        return ["--bootstrap", self.bootstrap] + (["--topic-prefix", prefix] if prefix else [])

    @staticmethod
    def answers(admin):
        try:
            return bool(admin.list_topics(timeout=2).brokers)
        except Exception:  # not yet
            return False

    def output(self, *command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=self.environment)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def start(self, log, *command):
        with log.open("wb") as target:
            self.processes.append(subprocess.Popen(command, stdout=target, stderr=target, env=self.environment))

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def until(self, seconds, condition, what):
        """Polls until the deadline."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.05)

    def records(self, topic, key, enough, seconds=60):
        """The first records of a key, as soon as there are enough of them."""
        settings = {
            "bootstrap.servers": self.bootstrap, "group.id": f"interop-{topic}-{key}", "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
        consumer = Consumer(settings)
        consumer.subscribe([topic])
        found = []
        deadline = time.monotonic() + seconds
        while not enough(found):
            assert time.monotonic() < deadline, f"not enough records of {key} on {topic}: {[r.value() for r in found]}"
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
