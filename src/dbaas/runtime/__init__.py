"""What turns reconcilers into a running operator: caches fed by watches, queues of keys, workers, and a client.

Level-based, keys only. Modelled on client-go and controller-runtime, because their rules have survived the faults
that our tests inject.
"""
