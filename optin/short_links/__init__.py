"""Short links in broadcasts, under a domain of one's own: their codes, where they lead, how often they are opened.

Off until an admin names the domain. There is one code for each link of a text, not for each person: clicks are counts
by hour, and nothing is kept of who opened what.
"""
