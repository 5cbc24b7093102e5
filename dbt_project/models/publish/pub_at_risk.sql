-- E-mail audience: three or more orders and falling silent.
{{ audience('at_risk', channel='email') }}
