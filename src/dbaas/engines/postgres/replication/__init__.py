"""Several servers that replicate: Patroni beside each of them elects the primary through the API, and rejoins the rest.

`settings` is what all of them share, `members` what each of them is.
"""
