-- E-mail audience: three or more orders, in their rhythm; never offer a discount.
{{ audience('loyal', channel='email') }}
