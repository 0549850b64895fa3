-- smtpwhy report database: indexes, made when the rows are there.
CREATE INDEX IF NOT EXISTS error_by_session ON error_row (error_id / 100000);
CREATE INDEX IF NOT EXISTS error_by_cause ON error_row (cause_id, time, certainty, code, enhanced, trigger_verb);
CREATE INDEX IF NOT EXISTS error_by_recipient ON error_row (recipient_domain, cause_id) WHERE recipient_domain IS NOT NULL;
CREATE INDEX IF NOT EXISTS finding_by_session ON finding (session_id);
CREATE INDEX IF NOT EXISTS finding_by_cause ON finding (cause_id);
CREATE INDEX IF NOT EXISTS difference_by_session ON difference (inside_session);
