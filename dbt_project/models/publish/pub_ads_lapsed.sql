-- Advertising audience: overdue by their own rhythm. Consent to e-mail is none to advertising.
{{ audience('lapsed', channel='ads') }}
