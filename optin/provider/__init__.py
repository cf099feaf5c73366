"""The provider that carries texts: one door to it, what its answers mean, and our own addresses there."""
