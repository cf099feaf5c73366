"""The log of consent as others can check it: a Merkle tree over its events, signed checkpoints, and proofs."""
