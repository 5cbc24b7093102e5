-- E-mail audience: one or two orders and long silent.
{{ audience('dormant', channel='email') }}
