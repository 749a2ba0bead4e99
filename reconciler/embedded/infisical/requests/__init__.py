"""What a request may hold: its body, its path and its query, checked by the rules of Infisical."""
