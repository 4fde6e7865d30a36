"""The whole chain on this kernel: auditd, sshd, two people, one engine. Root only."""
