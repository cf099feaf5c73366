"""What people see and do, a folder each."""
