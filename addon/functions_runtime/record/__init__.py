"""What a run leaves behind: findings, endpoints, cookies and hosts. All of it is bounded, none of it secret."""
