-- E-mail audience: bought for the first time and not yet overdue.
{{ audience('new_customers', channel='email') }}
