"""What admins decide: the policy, its copy in each process, and the trail of every change."""
