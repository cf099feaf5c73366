"""What admins decide: who may be texted, what is answered, when is sent, from which addresses."""
