"""What may be stored: pure rules in one list per kind, the same in a webhook, in the embedded server and in reconcile.

What a schema or CEL can say, they say; here stands what needs the registry or other objects.
"""

from dbaas.admission.admission import RuleAdmission
from dbaas.admission.facts import Facts, Find, gather_facts
from dbaas.admission.rules import find_violations

__all__ = ["Facts", "Find", "RuleAdmission", "find_violations", "gather_facts"]
