"""Everything that lives inside servers, by one algorithm: resolve, check, observe, plan, execute, verify, report.

Each step is a module. The kinds differ only by the records in `kinds`; the engines only by their parts and blueprints.
"""
