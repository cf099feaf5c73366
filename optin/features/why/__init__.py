"""Why a message may be sent or may not: each decision with its rule, the opt-in, settings and clocks behind it."""
