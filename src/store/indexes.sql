-- smtpwhy report database: indexes, made when the rows are there, or of a new database while they are written. What asks for a session's
-- rows must not read all of them; all errors of a cause, or with a recipient, are found by reading all errors, which takes less than an
-- index takes to be made.
CREATE INDEX IF NOT EXISTS error_by_session ON error_row (session_id);
CREATE INDEX IF NOT EXISTS finding_by_session ON finding (session_id);
CREATE INDEX IF NOT EXISTS difference_by_session ON difference (inside_session);
