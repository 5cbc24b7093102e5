-- E-mail audience: overdue by their own rhythm.
{{ audience('lapsed', channel='email') }}
