-- Who invited, and whether the invitation was taken back.
ALTER TABLE invites ADD COLUMN invited_by text;
ALTER TABLE invites ADD COLUMN revoked_at text;
