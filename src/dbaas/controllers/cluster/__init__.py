"""DatabaseCluster: the engine says what must run, the provider how, and here it is kept so.

Each step is a module: `credentials` (the administrator's Secret), `children` (what runs, and the published
DatabaseInstance), `report` (the status, pure), `deletion`, and `controller` that puts them in order.
"""
