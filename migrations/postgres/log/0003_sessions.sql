-- Browsers that are signed in: outside the log, because they come and go. A session holds one sign-in for each organization,
-- and is only ever as good as the token it was made with.
CREATE TABLE browser_sessions (
    session_sha256  text PRIMARY KEY,
    organization_id uuid NOT NULL,
    opened_at       timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL
);
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);
CREATE TABLE browser_sign_ins (
    session_sha256  text NOT NULL REFERENCES browser_sessions (session_sha256) ON DELETE CASCADE,
    organization_id uuid NOT NULL,
    token_id        uuid,
    local_sha256    text,
    signed_in_at    timestamptz NOT NULL,
    PRIMARY KEY (session_sha256, organization_id)
);
