/** The second half of the orders of stays on one directory: see orders.ts. */
import { testOrders } from './orders.ts'

testOrders(1)
