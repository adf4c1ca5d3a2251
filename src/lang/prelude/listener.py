# What listeners are told, as PySpark has it from Scala's classes of the same names.

class StreamingListener:
    def __init__(self):
        pass

    def onStreamingStarted(self, streamingStarted):
        pass

    def onReceiverStarted(self, receiverStarted):
        pass

    def onReceiverError(self, receiverError):
        pass

    def onReceiverStopped(self, receiverStopped):
        pass

    def onBatchSubmitted(self, batchSubmitted):
        pass

    def onBatchStarted(self, batchStarted):
        pass

    def onBatchCompleted(self, batchCompleted):
        pass

    def onOutputOperationStarted(self, outputOperationStarted):
        pass

    def onOutputOperationCompleted(self, outputOperationCompleted):
        pass


# Answers to calls without arguments, by name.
class _Told:
    def __init__(self, kind, text, **answers):
        self._kind = kind
        self._text = text
        self._answers = answers

    def __getattr__(self, name):
        if name not in self._answers:
            raise AttributeError(
                "%s has no %s(); there are %s" % (self._kind, name, ", ".join(sorted(self._answers))))
        answer = self._answers[name]
        return lambda: answer

    def __repr__(self):
        return self._text


def _told_time(millis):
    return _Told("Time", "%d ms" % millis, milliseconds=millis)


def _told_receiver(number, name):
    info = _Told(
        "ReceiverInfo", "ReceiverInfo(%d,%s)" % (number, name), streamId=number, name=name, active=True,
        location="localhost", executorId="driver", lastErrorMessage="", lastError="", lastErrorTime=-1)
    return _Told("StreamingListenerReceiverStarted", repr(info), receiverInfo=info)


def _told_output(millis, number, origin, started, ended, failure):
    info = _Told(
        "OutputOperationInfo", "OutputOperationInfo(%d ms,%d,%s)" % (millis, number, origin),
        batchTime=_told_time(millis), id=number, name=origin, description=origin, startTime=started,
        endTime=ended, failureReason=failure)
    return info


def _told_batch(millis, submitted, started, ended, records, outputs):
    inputs = {
        number: _Told(
            "StreamInputInfo", "StreamInputInfo(%d,%d)" % (number, count), inputStreamId=number, numRecords=count,
            metadata={}, metadataDescription="")
        for number, count in records}
    return _Told(
        "BatchInfo", "BatchInfo(%d ms)" % millis, batchTime=_told_time(millis), streamIdToInputInfo=inputs,
        submissionTime=submitted, processingStartTime=started, processingEndTime=ended,
        schedulingDelay=-1 if started < 0 else started - submitted,
        processingDelay=-1 if ended < 0 else ended - started,
        totalDelay=-1 if ended < 0 else ended - submitted,
        numRecords=sum(count for _, count in records), outputOperationInfos={info.id(): info for info in outputs})


# A time that has not come is -1.
def _told_events(kind, data):
    if kind == "started":
        millis, receivers = data
        yield "onStreamingStarted", _Told("StreamingListenerStreamingStarted", "%d ms" % millis, time=millis)
        for number, name in receivers:
            yield "onReceiverStarted", _told_receiver(number, name)
    elif kind == "stopped":
        for number, name in data[0]:
            yield "onReceiverStopped", _told_receiver(number, name)
    else:
        millis, submitted, started, ended, records, outputs = data

        def batch(kind, started, ended, outputs):
            info = _told_batch(millis, submitted, started, ended, records, outputs)
            return _Told("StreamingListener" + kind, repr(info), batchInfo=info)

        def output(kind, info):
            return _Told("StreamingListener" + kind, repr(info), outputOperationInfo=info)

        waiting = [_told_output(millis, number, origin, -1, -1, None) for number, origin, _, _, _ in outputs]
        yield "onBatchSubmitted", batch("BatchSubmitted", -1, -1, waiting)
        yield "onBatchStarted", batch("BatchStarted", started, -1, waiting)
        done = []
        for number, origin, since, until, failure in outputs:
            begun = _told_output(millis, number, origin, since, -1, None)
            done.append(_told_output(millis, number, origin, since, until, failure))
            yield "onOutputOperationStarted", output("OutputOperationStarted", begun)
            yield "onOutputOperationCompleted", output("OutputOperationCompleted", done[-1])
        yield "onBatchCompleted", batch("BatchCompleted", started, ended, done)


def _tell_listeners(listeners, kind, *data):
    for method, event in _told_events(kind, data):
        for listener in listeners:
            # As in Spark, what goes wrong in a listener is its own affair.
            try:
                getattr(listener, method)(event)
            except Exception as fault:
                _notice("%s of a StreamingListener fails: %s: %s" % (method, type(fault).__name__, fault))
