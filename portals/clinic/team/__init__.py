"""Who works in this portal, and invitations."""
