"""What a run leaves behind: findings, endpoints, cookies and hosts. All of it is bounded, and none of it is a secret."""
