"""The record of a run: findings, endpoints, cookies and hosts. It is bounded and holds no secrets."""
