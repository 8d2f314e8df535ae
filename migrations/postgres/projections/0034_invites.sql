-- Who invited, and whether the invitation was taken back.
ALTER TABLE invites ADD COLUMN invited_by uuid;
ALTER TABLE invites ADD COLUMN revoked_at timestamptz;
